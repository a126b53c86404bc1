export function packGrammars(from: string, to: string): Promise<void>;
