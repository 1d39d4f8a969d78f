/** The platform's timers fire at once when they are set for longer than this, in ms. */
export const LONGEST_DELAY_MS = 2 ** 31 - 1;
