import type { Connection } from './connection.js';

/**
 * Says goodbye when the page goes: others see it at once, and the nickname is free. A page that the browser brings back as
 * it was connects again.
 */
export function closeWithPage(connection: Connection): void {
  let wasOpen = false;
  window.addEventListener('pagehide', () => {
    wasOpen = connection.isOpen;
    connection.close();
  });
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted && wasOpen) connection.open();
  });
}
