export function packVsix(): Promise<Uint8Array>;
