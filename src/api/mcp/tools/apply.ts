import { CoppiceError } from '../../../base/index.js';
import { operations } from '../../operations.js';
import { integer, nullableText, objectSchema, text } from '../answers/answer-schema.js';
import { plural } from '../answers/code-text.js';
import { defineTool } from '../tool.js';

const { name, steps } = operations.apply.parameters;
const { kind, rev, path, text: content } = steps.fields;

export const apply = defineTool({
  name: 'apply',
  title: 'Edit a fork',
  description: 'Edits a fork, all steps or none.',
  effect: operations.apply.effect,
  destructive: true,
  parameters: {
    name: { ...name, maxLength: 200, help: 'the fork' },
    steps: {
      ...steps,
      maxItems: 1000,
      fields: {
        kind: { ...kind, help: '' },
        path: { ...path, help: '' },
        text: { ...content, help: 'of put: the file; of patch: a unified diff' },
        rev: { ...rev, help: 'of commit' },
      },
      help: '',
    },
  },
  answer: objectSchema({ repo: text, name: text, commit: nullableText, tree: text, changed_files: integer }),
  async run(context, { name, steps }) {
    if (steps.length === 0) {
      throw new CoppiceError('USAGE', 'there is nothing to apply', { hint: 'give at least one step' });
    }
    const { commit, tree, changedFiles } = await operations.apply.run(context, { name, steps });
    return {
      text: `${plural(changedFiles, 'file')} changed in ${name}: search or read it with rev: ${JSON.stringify(name)}`,
      structured: { repo: context.repo(), name, commit, tree, changed_files: changedFiles },
    };
  },
});
