/**
 * Which pages may open a WebSocket, beside those of the same origin: origins as browsers write them
 * (`https://chat.example.com`), or a function that is asked.
 */
export type AllowedOrigins = readonly string[] | ((origin: string) => boolean);
