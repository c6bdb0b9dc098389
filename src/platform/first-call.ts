/** A function that is made when it is first called: for what is costly to make, and for the most part never called.
 *  @param make which may throw: then the call throws, and the next one tries again */
export function madeAtFirstCall<Arguments extends unknown[], Result>(
  make: () => (...given: Arguments) => Result,
): (...given: Arguments) => Result {
  let made: ((...given: Arguments) => Result) | undefined;
  return (...given) => {
    made ??= make();
    return made(...given);
  };
}
