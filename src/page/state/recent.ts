import { effect, signal } from '@preact/signals';
import { place } from './navigation.js';
import { connection, repository } from './session.js';

/** Where one has been in this browser. */
export interface Recent {
  readonly repo: string;
  readonly rev: string;
}

const storageKey = 'coppice.recent';
const recentMax = 24;

export const recent = signal<readonly Recent[]>(read());

/** Keeps where one is, the latest first. */
export function startRemembering(): void {
  effect(() => {
    if (connection.value.state !== 'ready' || repository.value === '') return;
    const now: Recent = { repo: repository.value, rev: place.value.rev };
    const [latest] = recent.peek();
    if (latest?.repo === now.repo && latest.rev === now.rev) return;
    const others = recent.peek().filter(({ repo, rev }) => repo !== now.repo || rev !== now.rev);
    recent.value = [now, ...others].slice(0, recentMax);
    localStorage.setItem(storageKey, JSON.stringify(recent.value));
  });
}

function read(): readonly Recent[] {
  try {
    const kept = JSON.parse(localStorage.getItem(storageKey) ?? '[]') as Partial<Recent>[];
    return kept.flatMap(({ repo, rev }) =>
      typeof repo === 'string' && typeof rev === 'string' ? [{ repo, rev }] : [],
    );
  } catch {
    return [];
  }
}
