// The one handler of both Nest contestants. Decorators are applied by hand, so that no compiler
// stands between this file and what is measured.

import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';

class EchoController {
  echo(data) {
    return data;
  }
}
const echo = Object.getOwnPropertyDescriptor(EchoController.prototype, 'echo');
MessagePattern('echo')(EchoController.prototype, 'echo', echo);
Controller()(EchoController);

export class EchoModule {}
Module({ controllers: [EchoController] })(EchoModule);
