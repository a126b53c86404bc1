import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  type Tool as ListedTool,
} from '@modelcontextprotocol/sdk/types.js';
import type { JsonSchema } from '../json-schema.js';
import type { OperationContext } from '../operation.js';
import { argumentsSchema } from './check-arguments.js';
import { progressNotifier } from './progress-notifier.js';
import type { ToolCaller } from './tool-caller.js';
import type { Tool } from './tool.js';
import { toolsByName } from './tools.js';

const instructions =
  'Coppice searches git repositories at any rev without a checkout. Use search to find where something is done, symbols for where it ' +
  'is defined, grep for all places of an exact text, then read the lines that matter. Without rev, the work tree is searched as it is ' +
  'on disk. A rev that is not indexed yet is indexed on first use. Answers end with what they left out and how to get it.';

/** A server for one client: the SDK's, with the tools in it. Connect it to a transport. */
export function makeMcpServer(caller: ToolCaller, version: string): Server {
  const info = { name: 'coppice', title: 'Coppice code search', version };
  const server = new Server(info, { capabilities: { tools: {} }, instructions });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: listedTools() }));
  server.setRequestHandler(lenientCallSchema, async (request, { signal, _meta, sendNotification }) => {
    const { name, arguments: given } = CallToolRequestSchema.parse(request).params;
    const tool = toolsByName.get(name);
    if (tool === undefined)
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
    return caller.call(tool, given, call);
  });
  return server;
}

/** Lets wrong parameters through to the server's own check, which answers INVALID_PARAMS; a handler's is an internal error. */
const lenientCallSchema = CallToolRequestSchema.omit({ params: true }).loose();

let listed: ListedTool[] | undefined;

function listedTools(): ListedTool[] {
  listed ??= [...toolsByName.values()].map(describeTool);
  return listed;
}

function describeTool(tool: Tool): ListedTool {
  const { name, title, description, answer, effect, destructive } = tool;
  const readOnlyHint = effect === 'none' || effect === 'store';
  const changes = { destructiveHint: destructive === true, idempotentHint: false };
  return {
    name,
    title,
    description,
    inputSchema: withoutLimits(argumentsSchema(tool)) as ListedTool['inputSchema'],
    outputSchema: answer,
    annotations: { title, readOnlyHint, openWorldHint: false, ...(readOnlyHint ? {} : changes) },
  };
}

/** Lengths that no model means to exceed would cost each session tokens. They are checked all the same. */
function withoutLimits(schema: JsonSchema): object {
  const limits = new Set(['maxLength', 'maxItems']);
  const text = JSON.stringify(schema, (key, value: unknown) => (limits.has(key) ? undefined : value));
  return JSON.parse(text) as object;
}
