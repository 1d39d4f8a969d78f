/** `HEARTWIRE_FAULTS=full` makes every scenario as long as it is described; otherwise it is some seconds of it. */
export const isFull = process.env['HEARTWIRE_FAULTS'] === 'full';
