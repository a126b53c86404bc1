import { openEngines } from '../../../src/engine/index.js';
import { serveLanguageServer } from '../../../src/lsp/index.js';

// The server as a process of its own: `lsp-process STORE`. Ends with 0 after a shutdown, else with 1; 2 when it fails.
try {
  const store = process.argv[2]!;
  const hadShutdown = await serveLanguageServer({
    openEngines: (onNote) => openEngines({ store, workers: 0, onNote }),
    input: process.stdin,
    output: process.stdout,
    version: '0',
  });
  process.exitCode = hadShutdown ? 0 : 1;
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
