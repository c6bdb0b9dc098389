/** Sealed values of `sec_env`: shown to clients in place of the plain ones, and taken back from clients that send a viewed application again. */

/** Seals and opens the values of `sec_env`, so that a definition may be shown, and sent back, without being plain text. */
export interface SecretSeal {
  seal(plain: string): string;
  /** The plain value, or undefined if `sealed` is not one of ours. */
  open(sealed: string): string | undefined;
}

const place = "appmesh.sec_env";

/** @param secrets seals with the yard's key, so that only this yard opens it */
export function createSeal(secrets: {
  seal(text: string, place: string): string;
  open(sealed: string, place: string): string;
}): SecretSeal {
  return {
    seal: (plain) => secrets.seal(plain, place),
    open: (sealed) => {
      try {
        return secrets.open(sealed, place);
      } catch {
        return undefined; // plain text, or sealed elsewhere: it is taken as it is
      }
    },
  };
}
