// A foreign peer of the card network's line: it builds and reads its messages
// with npm's iso_8583, which shares no code with the bank. Signs on, tries an
// echo, buys by magnetic stripe, sends the purchase again as a repeat, takes it
// back, and prints each answer as a line of JSON.
//
//   node peer.js PORT FOLDER_OF_iso_8583 TRACK2 SENT
'use strict'
const net = require('net')
const [port, folder, track, sent] = process.argv.slice(2)
const ISO = require(folder)
const [pan, rest] = track.split('=')

const key = { 7: sent, 11: '000002', 32: '123456', 37: '632609000002', 41: 'TERM0001', 42: 'MERCHANT0000001', 49: '643' }
const buy = {
  ...key, 2: pan, 3: '000000', 4: '000000125050', 12: '124501', 13: '1122', 14: rest.slice(0, 4), 18: '5411', 22: '901', 25: '00',
  35: track, 43: 'TEST SHOP             MOSKVA          RU',
}
const original = '0100' + key[11] + sent + key[32].padStart(11, '0') + ''.padStart(11, '0')
const steps = [
  ['sign-on', { 0: '0800', 7: sent, 11: '000001', 70: '001' }],
  ['echo', { 0: '0800', 7: sent, 11: '000003', 70: '301' }],
  ['purchase', { 0: '0100', ...buy }],
  ['repeat', { 0: '0101', ...buy }],
  ['reversal', { 0: '0400', ...key, 2: pan, 3: '000000', 4: buy[4], 11: '000004', 39: '68', 90: original }],
]

const fail = (why) => { console.error(why); process.exit(1) }
const send = (socket, fields) => {
  const frame = new ISO(fields).getBufferMessage() // with its two bytes of length
  if (!Buffer.isBuffer(frame)) fail('cannot be built: ' + JSON.stringify(frame))
  socket.write(frame)
}

let read = Buffer.alloc(0), at = 0
const socket = net.connect(Number(port), '127.0.0.1', () => send(socket, steps[0][1]))
socket.setTimeout(60000, () => fail('no answer to ' + steps[at][0]))
socket.on('error', (e) => fail(e.message))
socket.on('close', () => { if (at < steps.length) fail('closed before the answer to ' + steps[at][0]) })
socket.on('data', (chunk) => {
  read = Buffer.concat([read, chunk])
  while (read.length >= 2 && read.length >= 2 + read.readUInt16BE(0)) {
    const size = 2 + read.readUInt16BE(0)
    const answer = new ISO().getIsoJSON(read.subarray(0, size), {})
    read = read.subarray(size)
    console.log(JSON.stringify({ step: steps[at][0], answer }))
    if (++at === steps.length) return socket.end()
    send(socket, steps[at][1])
  }
})
