import { ClientProxyFactory } from '@nestjs/microservices';
import { HeartwireClient } from 'heartwire';
import { firstValueFrom } from 'rxjs';

export async function connect(url, options) {
  const client = ClientProxyFactory.create({ customClass: HeartwireClient, options: { url, ...options } });
  await client.connect();
  return {
    call: (data) => firstValueFrom(client.send('echo', data)),
    upload: (stream) => firstValueFrom(client.send('swallow', {}, { stream })),
  };
}
