/** Fixed sets of words that the domain writes with hyphens (`exec-timeout`) and this API with capitals (`ExecTimeout`). */

type Capitals<Word extends string> = Word extends `${infer First}-${infer Rest}`
  ? `${Capitalize<First>}${Capitals<Rest>}`
  : Capitalize<Word>;

export interface Vocabulary<Word extends string> {
  /** As the wire has them, for schemas. */
  readonly wire: Capitals<Word>[];
  toWire(word: Word): Capitals<Word>;
  /** Of a text that its schema has checked. */
  fromWire(text: Capitals<Word>): Word;
}

export function createVocabulary<const Word extends string>(words: readonly Word[]): Vocabulary<Word> {
  const pairs = words.map((word) => [word, capitals(word)] as const);
  const toWire = new Map(pairs);
  const fromWire = new Map(pairs.map(([word, text]) => [text, word]));
  return {
    wire: [...fromWire.keys()],
    toWire: (word) => known(toWire, word),
    fromWire: (text) => known(fromWire, text),
  };
}

function capitals<Word extends string>(word: Word): Capitals<Word> {
  return word.replaceAll(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase()) as Capitals<Word>;
}

function known<Key, Value>(values: ReadonlyMap<Key, Value>, key: Key): Value {
  const value = values.get(key);
  if (value === undefined) throw new Error(`${String(key)} is not of this vocabulary`);
  return value;
}
