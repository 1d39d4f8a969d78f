/**
 * A look that comes later than this, in ms, was not on time: the process was blocked, stopped or asleep, and what came
 * meanwhile may not be read yet.
 */
export const LATE_MS = 50;
