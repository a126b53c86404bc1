// AssemblyScript: products of matrices of 32-bit floats, row-major, by addresses in this module's memory. Counts are multiples of 4.

// @ts-nocheck: its types are WebAssembly's

/** c[m x n] = a[m x k] times the transpose of b[n x k]. */
export function multiplyTransposed(a: usize, b: usize, c: usize, m: i32, n: i32, k: i32): void {
  const stride = (<usize>k) << 2;
  for (let i: i32 = 0; i < m; i += 2) {
    const a0 = a + <usize>i * stride;
    const a1 = a0 + stride;
    for (let j: i32 = 0; j < n; j += 4) {
      const b0 = b + <usize>j * stride;
      const b1 = b0 + stride;
      const b2 = b1 + stride;
      const b3 = b2 + stride;
      let s00 = f32x4.splat(0),
        s01 = f32x4.splat(0),
        s02 = f32x4.splat(0),
        s03 = f32x4.splat(0);
      let s10 = f32x4.splat(0),
        s11 = f32x4.splat(0),
        s12 = f32x4.splat(0),
        s13 = f32x4.splat(0);
      for (let at: usize = 0; at < stride; at += 16) {
        const x0 = v128.load(a0 + at);
        const x1 = v128.load(a1 + at);
        const y0 = v128.load(b0 + at);
        s00 = f32x4.add(s00, f32x4.mul(x0, y0));
        s10 = f32x4.add(s10, f32x4.mul(x1, y0));
        const y1 = v128.load(b1 + at);
        s01 = f32x4.add(s01, f32x4.mul(x0, y1));
        s11 = f32x4.add(s11, f32x4.mul(x1, y1));
        const y2 = v128.load(b2 + at);
        s02 = f32x4.add(s02, f32x4.mul(x0, y2));
        s12 = f32x4.add(s12, f32x4.mul(x1, y2));
        const y3 = v128.load(b3 + at);
        s03 = f32x4.add(s03, f32x4.mul(x0, y3));
        s13 = f32x4.add(s13, f32x4.mul(x1, y3));
      }
      const c0 = c + ((<usize>i * <usize>n + <usize>j) << 2);
      const c1 = c0 + ((<usize>n) << 2);
      store<f32>(c0, sum(s00));
      store<f32>(c0, sum(s01), 4);
      store<f32>(c0, sum(s02), 8);
      store<f32>(c0, sum(s03), 12);
      store<f32>(c1, sum(s10));
      store<f32>(c1, sum(s11), 4);
      store<f32>(c1, sum(s12), 8);
      store<f32>(c1, sum(s13), 12);
    }
  }
}

/** c[m x k] += a[m x n] times b[n x k]. */
export function multiplyAdd(a: usize, b: usize, c: usize, m: i32, n: i32, k: i32): void {
  const stride = (<usize>k) << 2;
  const aStride = (<usize>n) << 2;
  for (let i: i32 = 0; i < m; i += 4) {
    const a0 = a + <usize>i * aStride;
    const a1 = a0 + aStride;
    const a2 = a1 + aStride;
    const a3 = a2 + aStride;
    for (let at: usize = 0; at < stride; at += 32) {
      const c0 = c + <usize>i * stride + at;
      const c1 = c0 + stride;
      const c2 = c1 + stride;
      const c3 = c2 + stride;
      let s00 = v128.load(c0),
        s01 = v128.load(c0, 16),
        s10 = v128.load(c1),
        s11 = v128.load(c1, 16);
      let s20 = v128.load(c2),
        s21 = v128.load(c2, 16),
        s30 = v128.load(c3),
        s31 = v128.load(c3, 16);
      let row = b + at;
      for (let j: usize = 0; j < aStride; j += 4) {
        const y0 = v128.load(row);
        const y1 = v128.load(row, 16);
        let x = v128.load32_splat(a0 + j);
        s00 = f32x4.add(s00, f32x4.mul(x, y0));
        s01 = f32x4.add(s01, f32x4.mul(x, y1));
        x = v128.load32_splat(a1 + j);
        s10 = f32x4.add(s10, f32x4.mul(x, y0));
        s11 = f32x4.add(s11, f32x4.mul(x, y1));
        x = v128.load32_splat(a2 + j);
        s20 = f32x4.add(s20, f32x4.mul(x, y0));
        s21 = f32x4.add(s21, f32x4.mul(x, y1));
        x = v128.load32_splat(a3 + j);
        s30 = f32x4.add(s30, f32x4.mul(x, y0));
        s31 = f32x4.add(s31, f32x4.mul(x, y1));
        row += stride;
      }
      v128.store(c0, s00);
      v128.store(c0, s01, 16);
      v128.store(c1, s10);
      v128.store(c1, s11, 16);
      v128.store(c2, s20);
      v128.store(c2, s21, 16);
      v128.store(c3, s30);
      v128.store(c3, s31, 16);
    }
  }
}

function sum(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}
