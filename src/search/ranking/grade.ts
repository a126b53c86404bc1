/** How good a hit is; `none`: next to nothing speaks for it. */
export type Grade = 'good' | 'weak' | 'none';

/** No hit is surer than one before it. */
export const lesser = (a: Grade, b: Grade): Grade => (a === 'none' || b === 'good' ? a : b === 'none' ? b : 'weak');
