import { operations } from '../../operations.js';
import { objectSchema, text } from '../answers/answer-schema.js';
import { clip } from '../answers/token-budget.js';
import { defineTool } from '../tool.js';

const { query, path } = operations.addLabel.parameters;

export const feedback = defineTool({
  name: 'feedback',
  title: 'Say whether a hit answered',
  description:
    'Tells which place answered a question, or did not, to a local set that the search of this repository is measured with. Use it once ' +
    'you know.',
  effect: operations.addLabel.effect,
  parameters: {
    query,
    path,
    start_line: { type: 'integer', min: 1, help: 'first line of the place' },
    end_line: { type: 'integer', min: 1, help: 'last line of the place' },
    answered: { type: 'boolean', required: true, help: 'whether it answered' },
  },
  answer: objectSchema({ set: text }),
  run: async (context, { query, path, start_line, end_line, answered }) => {
    const { set } = await context.engine().addLabel({
      query,
      path,
      answered,
      feedback: true,
      ...(start_line !== undefined && { startLine: start_line }),
      ...(end_line !== undefined && { endLine: end_line }),
    });
    return { text: `noted in ${clip(set, 300)}`, structured: { set } };
  },
});
