/** How the server is kept small: what it gets from Node and from glibc at its start. With 100 idle apps, after one login, it had
 *  193 MiB resident without any of this. */

/** Objects that die young get 2 × 4 MiB instead of 2 × 16, which once used stay resident. With 1 MiB a request costs a quarter more
 *  CPU time, with 2 MiB a tenth; 4 MiB is as fast as Node's default (`bench http-read`). */
export const leanFlags = ["--max-semi-space-size=4"];

/** Each verified password takes 19 MiB for 30 ms. By default glibc keeps such blocks, up to one per thread, for the next time: 40 to
 *  140 MiB that the process never gets rid of. Blocks of 4 MiB and more go back at once; smaller ones, buffers among them, are reused. */
export const leanVariables = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "4194304" };

/** Set in the process that was started again, so that there is no third. */
export const leanMark = "RUNYARD_STARTED_LEAN";
