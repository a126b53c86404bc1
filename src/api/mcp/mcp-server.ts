import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  RootsListChangedNotificationSchema,
  McpError,
  type Tool as ListedTool,
} from '@modelcontextprotocol/sdk/types.js';
import type { JsonSchema } from '../json-schema.js';
import type { OperationContext } from '../operation.js';
import { argumentsSchema } from './check-arguments.js';
import { progressNotifier } from './transport/progress-notifier.js';
import type { ToolCaller } from './tool-caller.js';
import { filterArguments, offsetArgument, repoArgument, revArgument, sizeArgument, type Tool } from './tool.js';
import { feedbackName, toolsByName } from './tools.js';

/** When to use which: five lines, which each session pays for. */
const instructions = [
  'Code search in git repositories at any rev (default: the files on disk; nothing has to be indexed or checked out first).',
  'Where is something done, in words: search. All places of an exact text or regex: grep. What a file has: outline, then read the lines.',
  'A known name: definition (its code), references (who uses it, by the function around; what a change would touch); a part of one: symbols.',
  'Two revs: compare; grep and search take A..B. When lines came and went: log. Edits without touching files: fork, apply, then search it.',
  'Answers fill max_tokens with code and end with what they left out and how to get it. repo: a path, a name, ~/x or file: URI.',
].join('\n');

/** A server for one client: the SDK's, with the tools in it. Connect it to a transport. */
export function makeMcpServer(caller: ToolCaller, version: string): Server {
  const info = { name: 'coppice', title: 'Coppice code search', version };
  const server = new Server(info, { capabilities: { tools: {} }, instructions });
  server.setRequestHandler(ListToolsRequestSchema, async () => {
    const withFeedback = await caller.allowsFeedback();
    return { tools: listedTools(caller.withData).filter(({ name }) => withFeedback || name !== feedbackName) };
  });
  const roots = clientRoots(server);
  server.setRequestHandler(lenientCallSchema, async (request, { signal, _meta, sendNotification }) => {
    const { name, arguments: given } = CallToolRequestSchema.parse(request).params;
    const tool = toolsByName.get(name);
    if (tool === undefined || (name === feedbackName && !(await caller.allowsFeedback())))
      throw new McpError(ErrorCode.InvalidParams, `there is no tool ${JSON.stringify(name.slice(0, 100))}`);
    const progressToken = _meta?.progressToken;
    const call: OperationContext['call'] = {
      signal,
      ...(progressToken !== undefined && {
        onProgress: progressNotifier((notice) => {
          // A client that is gone learns of no progress; the call itself is cancelled by the server.
          sendNotification({ method: 'notifications/progress', params: { progressToken, ...notice } }).catch(
            () => undefined,
          );
        }),
      }),
    };
    return caller.call(tool, given, call, roots);
  });
  return server;
}

/** Lets wrong parameters through to the server's own check, which answers INVALID_PARAMS; a handler's is an internal error. */
const lenientCallSchema = CallToolRequestSchema.omit({ params: true }).loose();

/** The folders that the client has open, asked for when they are first needed and again when it says that they have changed. */
function clientRoots(server: Server): () => Promise<readonly string[]> {
  let asked: Promise<readonly string[]> | undefined;
  server.setNotificationHandler(RootsListChangedNotificationSchema, () => {
    asked = undefined;
  });
  return () => {
    if (server.getClientCapabilities()?.roots === undefined) return Promise.resolve([]);
    asked ??= server.listRoots(undefined, { timeout: rootsTimeoutMs }).then(
      ({ roots }) => roots.map(({ uri }) => uri),
      () => [], // a client that does not answer has none
    );
    return asked;
  };
}

const rootsTimeoutMs = 3000;

/** An argument that several tools take is described where it is first met: a model sees the list as a whole. */
function listedTools(withData: boolean): ListedTool[] {
  const described = new Set<string>();
  return [...toolsByName.values()].map((tool) => {
    const listed = describeTool(tool, withData);
    const properties = Object.entries(listed.inputSchema.properties ?? {}).map(([name, property]) => {
      const rest = { ...property };
      delete (rest as Record<string, unknown>)['description'];
      delete (rest as Record<string, unknown>)['default'];
      const isShared = name in sharedArguments;
      if (isShared && described.has(name)) return [name, rest];
      if (isShared) described.add(name);
      return [name, property];
    });
    const inputSchema = { ...listed.inputSchema, properties: Object.fromEntries(properties) as Record<string, object> };
    return { ...listed, inputSchema };
  });
}

const sharedArguments = { ...revArgument, ...filterArguments, ...sizeArgument, ...offsetArgument, ...repoArgument };

function describeTool(tool: Tool, withData: boolean): ListedTool {
  const { name, description, answer, effect, destructive } = tool;
  const readOnlyHint = effect === 'none' || effect === 'store';
  const changes = { destructiveHint: destructive === true };
  return {
    name,
    description,
    inputSchema: inShort(argumentsSchema(tool)) as ListedTool['inputSchema'],
    ...(withData ? { outputSchema: answer } : {}),
    annotations: { readOnlyHint, openWorldHint: false, ...(readOnlyHint ? {} : changes) },
  };
}

/**
 * What a model needs of a schema. Bounds that it does not mean to exceed, and members it would not make up, would cost each session
 * tokens; they are checked all the same.
 */
function inShort(schema: JsonSchema): object {
  const unsaid = new Set(['maxLength', 'maxItems', 'minimum', 'maximum', 'additionalProperties']);
  const text = JSON.stringify(schema, (key, value: unknown) => {
    if (unsaid.has(key) || (key === 'description' && value === '') || (key === 'default' && value === 0))
      return undefined;
    return key === 'required' && Array.isArray(value) && value.length === 0 ? undefined : value;
  });
  return JSON.parse(text) as object;
}
