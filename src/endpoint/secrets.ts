const names: readonly RegExp[] = [
  /^\.env(?:rc)?(?:\..*)?$/,
  /\.env$/,
  /^[._](?:netrc|npmrc|pypirc|pgpass|htpasswd|git-credentials|dockercfg|vault-token|s3cfg|boto)$/,
  /^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?(?:\.(?!pub$).*)?$/,
  /\.(?:pem|key|p8|p12|pfx|ppk|jks|keystore|kdbx?|asc|gpg|ovpn|tfstate|tfvars)(?:\.(?:bak|backup|old|orig))?$/,
  /^(?:credentials|secrets?)(?:\.[a-z0-9.]+)?$/,
  /(?:^|[-_.])(?:credentials?|secrets?|passwords?|service[-_]account(?:[-_]key)?)\.(?:json|ya?ml|toml|ini|cfg|conf|properties|txt)$/,
];
const folders = new Set(['.ssh', '.gnupg', '.aws', '.azure', '.kube', '.docker']);

/** Whether a file is likely to hold secrets, by its path: its text is not sent anywhere. */
export function looksSecret(path: string): boolean {
  const parts = path.toLowerCase().split('/');
  const name = parts.pop()!;
  return parts.some((part) => folders.has(part)) || names.some((pattern) => pattern.test(name));
}
