# /// script
# dependencies = ["uvloop"]
# ///
"""An HTTP server on libuv; it prints its port, and stops when it is asked for /stop."""

import asyncio

import uvloop


async def main():
    stopped = asyncio.Event()

    async def answer(reader, writer):
        while head := await reader.readuntil(b"\r\n\r\n"):
            path = head.split()[1].decode()
            body = (path * 100).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
            if path == "/stop":
                stopped.set()
                break
        writer.close()

    async def served(reader, writer):
        try:
            await answer(reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stopped.wait()
    server.close()
    print(type(asyncio.get_running_loop()).__module__)


uvloop.run(main())
