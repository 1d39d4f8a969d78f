/** Injects the Heartwire client of the chat service. */
export const CHAT = 'CHAT';
/** Injects the Heartwire client of the files service. */
export const FILES = 'FILES';
/** Injects every service that the gateway is connected to. */
export const SERVICES = 'SERVICES';
