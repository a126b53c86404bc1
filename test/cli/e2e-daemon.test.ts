import { describeCommands } from './support/e2e-suite.js';

// Commands use the daemon when it runs, with the same answers.
describeCommands('use');
