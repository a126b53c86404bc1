const names: readonly RegExp[] = [
  /^\.env(?:\..*)?$/,
  /^\.(?:netrc|npmrc|pypirc|pgpass|htpasswd|git-credentials|dockercfg)$/,
  /^id_(?:rsa|dsa|ecdsa|ed25519)$/,
  /\.(?:pem|key|p12|pfx|jks|keystore|kdbx|asc|ovpn|tfstate|tfvars)$/,
  /^(?:credentials|secrets?)(?:\.[a-z0-9.]+)?$/,
  /(?:^|[-_.])(?:credentials?|secrets?|passwords?)\.(?:json|ya?ml|toml|ini|cfg|conf|properties|txt)$/,
];
const folders = new Set(['.ssh', '.gnupg', '.aws', '.azure', '.kube', '.docker']);

/** Whether a file is likely to hold secrets, by its path: its text is not sent anywhere. */
export function looksSecret(path: string): boolean {
  const parts = path.toLowerCase().split('/');
  const name = parts.pop()!;
  return parts.some((part) => folders.has(part)) || names.some((pattern) => pattern.test(name));
}
