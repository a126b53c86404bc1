import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { CoppiceError, asCoppiceError } from '../../base/index.js';
import { allRepositories, isView } from '../../model/index.js';
import type { Engines } from '../../engine/index.js';
import { Limiter } from '../http/limiter.js';
import { failable } from '../request-scope.js';
import type { OperationContext, OperationHost } from '../operation.js';
import { checkPlace } from '../place.js';
import { auditing, checkOwnFiles, checkToolAllowed } from '../visitors.js';
import { checkArguments } from './check-arguments.js';
import { wellFormed } from './answers/code-text.js';
import { errorResult } from './answers/error-result.js';
import { findRepository, usualRepository } from './find-repository.js';
import { ListAnswer } from './answers/list-answer.js';
import type { Tool, ToolContext } from './tool.js';
import { withViewPaths } from './answers/view-paths.js';

export interface ToolCallerOptions {
  readonly engines: Engines;
  /** The repository that is meant where none is named, as an absolute path. */
  readonly defaultRepo: string | null;
  /** That repository was named, and not only stood in: a client's roots do not change it. */
  readonly isRepoNamed?: boolean;
  /** Answers carry the same as data too (`structuredContent`), which takes from their budgets. Default: text alone. */
  readonly withData?: boolean;
  /** Repositories are asked for by their names. */
  readonly hasNames?: boolean;
}

const runningMax = 16;
const waitingMax = 512;
const repositoriesNamed = 5;

/** The log tells which tools a request called, and where: one request may have several. */
function noteForAudit(tool: string, repo: string | undefined): void {
  const audit = auditing.getStore();
  if (audit === undefined) return;
  audit.tool = audit.tool === null ? tool : `${audit.tool}, ${tool}`;
  if (repo !== undefined) audit.repo = audit.repo === null ? repo : `${audit.repo}, ${repo}`;
}

/** There is nothing to search where the agent stands. */
const nowhere: ReadonlySet<string> = new Set(['NOT_A_REPOSITORY', 'FOLDER_TOO_WIDE']);

/** Runs tools, for any number of sessions. What goes wrong is an answer too: the model is told and can try again. */
export class ToolCaller {
  private readonly limiter = new Limiter(runningMax, waitingMax);

  constructor(private readonly options: ToolCallerOptions) {}

  get withData(): boolean {
    return this.options.withData === true;
  }

  /** See the tool of that name. */
  async allowsFeedback(): Promise<boolean> {
    const { allowsFeedback } = await import('../../engine/index.js');
    return allowsFeedback(this.options.engines.storePath);
  }

  /** `roots` are the folders, as `file:` URIs, that the client has open. */
  async call(
    tool: Tool,
    given: Readonly<Record<string, unknown>> | undefined,
    call: OperationContext['call'],
    roots: () => Promise<readonly string[]> = () => Promise.resolve([]),
  ): Promise<CallToolResult> {
    try {
      const { repo, input } = checkArguments(tool, given);
      noteForAudit(tool.name, repo);
      checkToolAllowed(tool.name);
      checkOwnFiles(input);
      const context = this.context(await this.repository(repo, roots), call);
      const { text, structured } = await this.limiter.run(() => failable(() => tool.run(context, input)));
      return wellFormed({
        content: [{ type: 'text', text }],
        ...(this.withData ? { structuredContent: structured } : {}),
      });
    } catch (error) {
      const known = asCoppiceError(error);
      const hint = nowhere.has(known.code) ? await this.repositoriesHint() : undefined;
      return wellFormed(errorResult(known, hint));
    }
  }

  private async repository(named: string | undefined, roots: () => Promise<readonly string[]>): Promise<string> {
    const { defaultRepo, isRepoNamed, engines } = this.options;
    if (this.options.hasNames === true) return checkPlace(named ?? '', 'POST /v1/repositories lists them', true);
    if (named !== undefined && named !== '') return findRepository(named, defaultRepo, engines);
    if (defaultRepo !== null && isRepoNamed === true) return defaultRepo;
    const repo = usualRepository(defaultRepo, await roots());
    if (repo === null)
      throw new CoppiceError('NOT_A_REPOSITORY', 'no repository is named, and there is no usual one here');
    return repo;
  }

  private async repositoriesHint(): Promise<string> {
    const known = await this.options.engines.repositories().catch(() => []);
    const paths = known.slice(0, repositoriesNamed).map(({ path }) => path.replace(/\/\.git$/, ''));
    const some = paths.length === 0 ? '' : `, such as ${paths.join(', ')}`;
    return this.options.hasNames === true
      ? `give repo: the name of a repository here${some}`
      : `give repo: the path or the name of a repository${some}`;
  }

  private context(repo: string, call: OperationContext['call']): ToolContext {
    const { engines } = this.options;
    return {
      engine: () => (isView(repo) ? withViewPaths(engines.open(repo)) : engines.open(repo)),
      repo: () => repo,
      anywhere: () => engines.open(allRepositories),
      call,
      withData: this.withData,
      list: (options) => new ListAnswer(options, this.withData),
      get host(): OperationHost {
        throw new CoppiceError('INTERNAL', 'no tool is about the process that answers');
      },
      async atRev(rev, run) {
        if (rev !== undefined && rev !== '') return run(rev);
        try {
          return await run('@worktree');
        } catch (error) {
          if (error instanceof CoppiceError && error.code === 'NO_WORKTREE') return run('HEAD');
          throw error;
        }
      },
    };
  }
}
