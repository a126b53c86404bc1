import { render } from 'preact';
import { App } from './app.js';
import { startReadingFiles } from './state/shown/file-content.js';
import { startReadingFolders } from './state/shown/folder-content.js';
import { startListening } from './state/live.js';
import { startReadingNames } from './state/shown/name-info.js';
import { startNavigation } from './state/navigation.js';
import { startSearching } from './state/shown/results.js';
import { startReadingOtherSides } from './state/shown/other-side.js';
import { startRemembering } from './state/recent.js';
import { connect } from './state/session.js';
import { startSelection } from './state/shown/shown-results.js';
import { startTheme } from './state/theme.js';
import { startKeyboard } from './view/keyboard.js';

startTheme();
render(<App />, document.getElementById('app')!);
// Takes the token out of the address before anything reads that.
await connect();
startNavigation();
startSearching();
startReadingFiles();
startReadingFolders();
startReadingNames();
startRemembering();
startReadingOtherSides();
startSelection();
startListening();
startKeyboard();
