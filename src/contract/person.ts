export const PRESENCE_STATES = ['online', 'away', 'offline'] as const;

export type PresenceState = (typeof PRESENCE_STATES)[number];

export interface Person {
  readonly name: string;
  readonly state: PresenceState;
  /** ISO 8601. */
  readonly since: string;
}
