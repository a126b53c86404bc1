import type { PlannedRequests, RerankSummary } from '../../engine/index.js';
import { formatCount, formatDuration, plural, printable } from '../terminal/format.js';

/** `qwen3 put 10 hits in order: 3 requests, 8,120 tokens, 0.0021, 1.4 s`. */
export function formatRerank({ model, ordered, reason, requests, fromCache, ...spent }: RerankSummary): string {
  const what =
    ordered > 0
      ? `${printable(model)} put ${plural(ordered, 'hit')} in order`
      : `${printable(model)} did not put the hits in order (${printable(reason ?? '')})`;
  const cached = fromCache === 0 ? '' : ` and ${formatCount(fromCache)} from memory`;
  return `${what}: ${plural(requests, 'request')}${cached}, ${formatSpent(spent)}, ${formatDuration(spent.tookMs)}`;
}

/** `8,120 tokens, 0.0021`. */
export function formatSpent({
  inputTokens,
  outputTokens,
  cost,
}: Pick<PlannedRequests, 'inputTokens' | 'outputTokens' | 'cost'>): string {
  const tokens = `${formatCount(inputTokens)} tokens in and ${formatCount(outputTokens)} out`;
  return cost === undefined ? tokens : `${tokens}, a cost of ${formatCost(cost)}`;
}

const formatCost = (cost: number): string => cost.toFixed(cost < 0.1 ? 5 : 2);

/** Requests that would be sent, each as its address and body, then what they take. */
export function formatPlanned(planned: PlannedRequests | null): string {
  if (planned === null) return 'nothing would be sent\n';
  const { requests, more } = planned;
  const bodies = requests.map(({ url, body }) => `POST ${url}\n${printableLines(JSON.stringify(body, null, 2))}\n`);
  const further = more === 0 ? '' : `, then ${plural(more, 'request')} with the best of these texts once more`;
  return `${bodies.join('\n')}\n${plural(requests.length, 'request')}${further}; at most about ${formatSpent(planned)}\n`;
}

const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');
