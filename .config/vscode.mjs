// Packs the VS Code extension: `node .config/vscode.mjs [FILE]`. A .vsix is a zip with the extension in `extension/`, a manifest in
// the manner of Visual Studio, and a list of content types.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { zipSync } from 'fflate';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src/vscode');

/** Returns the bytes of the .vsix: the same for the same sources. */
export async function packVsix() {
  const { outputFiles } = await build({
    entryPoints: [join(source, 'extension.ts')],
    outfile: 'extension.cjs',
    write: false,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // What VS Code gives itself.
    external: ['vscode'],
    logLevel: 'warning',
  });
  const { private: _, ...manifest } = JSON.parse(readFileSync(join(source, 'manifest.json'), 'utf8'));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const packed = { ...manifest, version };
  const text = (value) => new TextEncoder().encode(value);
  const files = {
    'extension.vsixmanifest': text(vsixManifest(packed)),
    '[Content_Types].xml': text(contentTypes),
    'extension/package.json': text(`${JSON.stringify(packed, null, 2)}\n`),
    'extension/extension.cjs': outputFiles[0].contents,
    'extension/README.md': readFileSync(join(source, 'README.md')),
    'extension/icon.svg': readFileSync(join(source, 'icon.svg')),
    'extension/LICENSE.txt': readFileSync(join(root, 'LICENSE')),
  };
  return zipSync(files, { level: 9, mtime: new Date('1980-01-01T00:00:00') });
}

const contentTypes = `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension=".json" ContentType="application/json"/>
  <Default Extension=".cjs" ContentType="application/javascript"/>
  <Default Extension=".md" ContentType="text/markdown"/>
  <Default Extension=".svg" ContentType="image/svg+xml"/>
  <Default Extension=".txt" ContentType="text/plain"/>
  <Default Extension=".vsixmanifest" ContentType="text/xml"/>
</Types>
`;

function vsixManifest({
  name,
  displayName,
  description,
  version,
  publisher,
  categories,
  keywords,
  engines,
  extensionKind,
}) {
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="${escape(name)}" Version="${escape(version)}" Publisher="${escape(publisher)}"/>
    <DisplayName>${escape(displayName)}</DisplayName>
    <Description xml:space="preserve">${escape(description)}</Description>
    <Tags>${escape(keywords.join(','))}</Tags>
    <Categories>${escape(categories.join(','))}</Categories>
    <GalleryFlags>Public</GalleryFlags>
    <License>extension/LICENSE.txt</License>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value="${escape(engines.vscode)}"/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="${escape(extensionKind.join(','))}"/>
    </Properties>
  </Metadata>
  <Installation>
    <InstallationTarget Id="Microsoft.VisualStudio.Code"/>
  </Installation>
  <Dependencies/>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.License" Path="extension/LICENSE.txt" Addressable="true"/>
  </Assets>
</PackageManifest>
`;
}

function escape(value) {
  return value.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.argv[2] ?? join(root, 'dist/vscode/coppice.vsix');
  mkdirSync(dirname(file), { recursive: true });
  const bytes = await packVsix();
  writeFileSync(file, bytes);
  console.log(`${file}: ${Math.round(bytes.length / 1024)} kB`);
}
