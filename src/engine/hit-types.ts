/** What an answer of a view says of where it found something. Of a repository alone there is nothing to say. */
export interface HitLabels {
  /** The root that the path counts from, by its name in the view: `REPO/PATH` is the path there. */
  readonly repo?: string;
  /** Of a package: its name and version. */
  readonly package?: string;
  readonly version?: string;
  /** And the file's path inside it. */
  readonly packagePath?: string;
  /** The project itself asks for the package, and not only another package does. */
  readonly direct?: boolean;
  /** It is needed for development alone. */
  readonly dev?: boolean;
  /** The packages by which the project comes to it, the project's own first; the package itself is not among them. */
  readonly chain?: readonly string[];
}

/** What gave a hit its score: the sum of the points, times `fileKind`, times `repeat`. */
export interface HitExplanation {
  readonly points: {
    /** The chunk's words (BM25). */
    readonly words: number;
    /** Words in the names of the file and its folders. */
    readonly path: number;
    /** The file as a whole. */
    readonly file: number;
    /** How near its vector is to the query's. */
    readonly meaning: number;
    /** What a model says that it does. */
    readonly description: number;
    /** The query is, or has, the name of a definition. */
    readonly definition: number;
    /** The query has the words of the file's name. */
    readonly fileName: number;
    /** The query is, or has, the file's path. */
    readonly askedFile: number;
    /** The query's words follow one another. */
    readonly phrase: number;
    /** Words like those of the query. */
    readonly alike: number;
    /** The best chunks of its file are worth much together. */
    readonly coherence: number;
  };
  /** Tests, vendored and generated code, prose: less than 1. */
  readonly fileKind: number;
  /** Less than 1 where better hits of the same file come before. */
  readonly repeat: number;
  /** How much of what the query asks for is there, from 0 to 1: below a bound a hit is weak. */
  readonly confidence: number;
  /** The query's terms that are in the chunk. */
  readonly terms: readonly ExplainedTerm[];
}

export interface ExplainedTerm {
  /** Folded and stemmed, as the index has it. */
  readonly term: string;
  /** How rare it is. */
  readonly idf: number;
  /** How often it is in code, in comments and in names of definitions: at most 15, 3 and 3 are counted. */
  readonly code: number;
  readonly comments: number;
  readonly names: number;
}

/** Where the best of hits is that are not in an answer because next to nothing speaks for them. */
export interface NearestHit extends HitLabels {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly symbol: string;
}
