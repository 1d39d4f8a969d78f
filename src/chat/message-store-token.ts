/** Injects the `MessageStore`. */
export const MESSAGE_STORE = 'MESSAGE_STORE';
