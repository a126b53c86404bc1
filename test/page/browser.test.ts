// The page in a real browser. One file, so that one browser, one daemon and one build of the page do for all of it.
import './browser/accessibility.js';
import './browser/file.js';
import './browser/folder.js';
import './browser/keyboard.js';
import './browser/live.js';
import './browser/many-results.js';
import './browser/names.js';
import './browser/search.js';

import { servePage } from './support/use-served-page.js';

servePage();
