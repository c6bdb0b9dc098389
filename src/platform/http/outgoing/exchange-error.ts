/** Why a request to somebody else's server did not succeed, in words that hold nothing of what was sent or answered. */
export class ExchangeError extends Error {}
