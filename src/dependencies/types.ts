/** Whose packages: each has its own way to name, lock and place them. */
export const ecosystems = ['npm', 'python', 'go', 'cargo', 'java'] as const;
export type Ecosystem = (typeof ecosystems)[number];

/** Where a package's files are. All paths are absolute. */
export type PackageOrigin =
  /** A folder and all below it, but the folders of packages installed in it. */
  | { readonly kind: 'folder'; readonly path: string }
  /** These files below a folder, as the package's own record lists them. */
  | { readonly kind: 'listed'; readonly path: string; readonly files: readonly string[] }
  /** What lies under a folder of a zip archive; `''`: all of it. */
  | { readonly kind: 'archive'; readonly path: string; readonly folder: string };

/** One package at one place: what a project depends on. */
export interface Package {
  readonly ecosystem: Ecosystem;
  readonly name: string;
  /** As the ecosystem writes it; empty where the package does not say. */
  readonly version: string;
  /** What the lock file says that its archive hashes to, in the lock file's own notation; null: it does not say, or nothing was downloaded. */
  readonly integrity: string | null;
  /** Where it is in the view, from the root: where it lies on disk, or would. */
  readonly place: string;
  /** Null when nobody has it on disk. */
  readonly origin: PackageOrigin | null;
  /** The project names it itself. */
  readonly direct: boolean;
  /** Needed for development only. */
  readonly dev: boolean;
  /** It may be absent without harm: another platform's, say. */
  readonly optional: boolean;
  /** By which packages it came, as `name@version`, from one that is direct to the one that needs it; empty for a direct one. */
  readonly chain: readonly string[];
  /** Where the lock file says that its archive is. */
  readonly resolved: string | null;
}

/** What is left out of a dependency tree, and why: told, never silent. */
export interface SkippedPackage {
  /** A package's name, or a path from the root. */
  readonly what: string;
  readonly reason: string;
}

export interface PackageListing {
  /** In order of place. */
  readonly packages: readonly Package[];
  readonly skipped: readonly SkippedPackage[];
}

export interface DependencyListing extends PackageListing {
  /** Folders with manifests or lock files, and what is in them. */
  readonly projects: ReadonlyMap<string, readonly ProjectEntry[]>;
}

/** A file of a package. */
export interface PackageFile {
  /** Inside the package, with `/`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly executable: boolean;
  /** Another as soon as the file may have changed: its size, times and inode; empty where that is not known. */
  readonly stamp: string;
  /** When it, or its entry in a folder, was last changed: milliseconds since 1970. */
  readonly changedMs: number;
  /** Its bytes as they are now. PACKAGE_UNREADABLE when they cannot be read, or are no file any more. */
  read(): Buffer;
}

/** What a project depends on, by whichever ecosystems it uses. */
export interface DependencyTree {
  /** Packages with where they are, or that they are missing. LOCKFILE_INVALID, LOCKFILE_UNSUPPORTED. */
  list(): Promise<DependencyListing>;
  /**
   * The files of a package that are looked into (see `isLeftOut`), links never followed. PACKAGE_UNREADABLE when it cannot be read as a whole: an
   * archive that is damaged, or would unpack to more than it may.
   */
  open(pkg: Package): Iterable<PackageFile>;
}

/** An entry of a project's folder. */
export interface ProjectEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link';
}

/** The files of a project that say what it depends on, on disk or in a commit. Paths are from the root, with `/`. */
export interface ProjectFiles {
  /** Null when there is no such file; larger ones than `manifestBytesMax` count as none. */
  read(path: string): Promise<Buffer | null>;
  /** Empty when there is no such folder. `''` is the root. */
  list(folder: string): Promise<readonly ProjectEntry[]>;
}

/** A project whose dependencies are asked for. */
export interface Project {
  readonly files: ProjectFiles;
  /** The folder of the work tree, or null for a bare repository: where installed packages are looked for. */
  readonly disk: string | null;
  /** What is installed counts; otherwise what is locked. */
  readonly installed: boolean;
  /** The user's home folder, and environment: where package managers keep their caches. */
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export const manifestBytesMax = 64 * 1024 * 1024;
