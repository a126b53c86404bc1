import { createBundledEmbedder } from '../../src/embedding/index.js';
import { describeEmbedder } from './support/contract.js';

describeEmbedder('bundled', {
  open: () => Promise.resolve(createBundledEmbedder()!),
  exceptions: {
    'what is cancelled ends with ABORTED, before and amidst, and disturbs nobody':
      'it is done before anybody can cancel',
    'closing ends what is under way, and can be done twice': 'nothing is ever under way',
    'who was closed embeds no more': 'it holds nothing that could be closed',
  },
});
