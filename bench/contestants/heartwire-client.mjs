import { ClientProxyFactory } from '@nestjs/microservices';
import { HeartwireClient } from 'heartwire';
import { firstValueFrom } from 'rxjs';

export async function connect(url) {
  const client = ClientProxyFactory.create({ customClass: HeartwireClient, options: { url } });
  await client.connect();
  return { call: (data) => firstValueFrom(client.send('echo', data)) };
}
