/** Here is a folder that is no repository: which files has it, by its ignore rules; told as a work tree without history. Starts no process. */
export { isWide, openFolder, realPath } from './plain-folder.js';
