// Asks for reviews as a program with NestJS does: node nest-caller.mjs BOOTSTRAP FILE
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientsModule, Transport } from '@nestjs/microservices';
import { lastValueFrom, timeout } from 'rxjs';

const PATIENCE_MS = 120_000;
const [bootstrap, file] = process.argv.slice(2);

class Caller {}
Module({
  imports: [
    ClientsModule.register([
      {
        name: 'VERDICT',
        transport: Transport.KAFKA,
        options: {
          client: { clientId: 'nest', brokers: [bootstrap] },
          consumer: { groupId: 'nest' },
          subscribe: { fromBeginning: true },
        },
      },
    ]),
  ],
})(Caller);

const app = await NestFactory.createApplicationContext(Caller, { logger: ['error', 'warn'] });
const client = app.get('VERDICT');
client.subscribeToResponseOf('reviews');
await client.connect();

// A line that is JSON is sent as an object, any other as text.
const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
await Promise.all(
  lines.map(async (line, n) => {
    const review = line.startsWith('{') ? JSON.parse(line) : line;
    try {
      const reply = await lastValueFrom(client.send('reviews', review).pipe(timeout(PATIENCE_MS)));
      console.log(`${n}\tanswer\t${JSON.stringify(reply)}`);
    } catch (error) {
      // What the other side says comes as a text, what fails on this one as an Error.
      console.log(`${n}\t${typeof error === 'string' ? 'error' : 'failed'}\t${error}`);
    }
  }),
);
await app.close();
