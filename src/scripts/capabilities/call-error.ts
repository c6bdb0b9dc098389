/** What a script is told of a call that did not succeed. It may catch, print and store it, so it says no more than the script may know. */
export class CallError extends Error {
  /** As Node names it: `ENOENT`. */
  readonly code: string | undefined;

  constructor(message: string, options: ErrorOptions & { readonly code?: string } = {}) {
    super(message, options);
    this.code = options.code;
  }
}

/** The policy's own words, which stand for themselves wherever they come up. */
export class PolicyDenial extends CallError {}

/** Texts of a script go into messages cut short. */
export function shortened(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
