// node llama-server.mjs MODULES MODEL.gguf : a chat server with a real model, of the folder where node-llama-cpp is installed. Prints its address once it answers.
// One request at a time, as a small server does: the others wait. What it was told to write at most, and the temperature, hold; a schema is not known to it.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, modelPath, threads = '1'] = process.argv.slice(2);
const require = createRequire(join(modules, 'none.js'));
const { getLlama, LlamaChatSession } = await import(pathToFileURL(require.resolve('node-llama-cpp')).href);
const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error' });
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({ contextSize: 2048, threads: Number(threads) });
let last = Promise.resolve();

async function answer({ messages, max_tokens: maxTokens = 128, temperature = 0, model: name }, signal) {
  const of = (role) => messages.filter((message) => message.role === role).map(({ content }) => content);
  const sequence = context.getSequence();
  const session = new LlamaChatSession({
    contextSequence: sequence,
    systemPrompt: of('system').join('\n') || undefined,
  });
  try {
    const content = await session.prompt(of('user').at(-1), {
      maxTokens,
      temperature,
      signal,
      stopOnAbortSignal: true,
    });
    const { usedInputTokens: prompt_tokens, usedOutputTokens: completion_tokens } = sequence.tokenMeter;
    const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
    return { object: 'chat.completion', model: name, choices, usage: { prompt_tokens, completion_tokens } };
  } finally {
    session.dispose();
    sequence.dispose();
  }
}

const server = createServer(async (request, response) => {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  let body = '';
  for await (const part of request) body += part;
  const turn = last.then(async () => {
    if (gone.signal.aborted) return;
    const say = (status, value) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    try {
      say(200, await answer(JSON.parse(body), gone.signal));
    } catch (error) {
      if (!response.destroyed) say(500, { error: { message: String(error) } });
    }
  });
  last = turn.catch(() => undefined);
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/v1`));
