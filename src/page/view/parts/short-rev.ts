/** A full sha is long, and its beginning says as much. */
export function shortRev(rev: string): string {
  return /^[0-9a-f]{40,64}$/.test(rev) ? rev.slice(0, 9) : rev;
}
