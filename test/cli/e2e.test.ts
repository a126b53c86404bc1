import { describeCommands } from './support/e2e-suite.js';

describeCommands('off');
