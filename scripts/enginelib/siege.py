"""Clients that hold connections to a proxy: idle ones, or ones whose chunked body never ends. Wants no library.

python3 siege.py KIND ADDRESS PORT COUNT SECONDS
    KIND: idle or chunked, and with -tls behind it by https. Opens COUNT connections, holds as many as are let in for SECONDS,
    and prints how many that were; exit status 1 if it was none.
"""

import asyncio
import resource
import ssl
import sys
import time

REQUESTS = {
    "idle": b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "chunked": b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
}
# So many handshakes at once: beyond that the test would measure its own queue.
AT_ONCE = 100


async def connect(address, port, tls):
    return await asyncio.wait_for(asyncio.open_connection(address, port, ssl=tls, server_hostname="localhost" if tls else None), 30)


async def hold(request, address, port, tls, gate, held, tried):
    try:
        async with gate:
            reader, writer = await connect(address, port, tls)
            writer.write(request)
            if request is REQUESTS["idle"]:
                await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
        held.append(writer)
        tried.append(True)
        while await reader.read(65536):
            pass
        held.remove(writer)
    except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
        tried.append(False)


async def main(kind, address, port, count, seconds):
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 1000, max(count + 1000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    kind, _, tls = kind.partition("-")
    gate, held, tried = asyncio.Semaphore(AT_ONCE), [], []
    clients = [asyncio.create_task(hold(REQUESTS[kind], address, port, trusting if tls else None, gate, held, tried)) for _ in range(count)]
    most, end = 0, None
    # As many as it lets in; those who were let in may be thrown out again meanwhile.
    while end is None or time.monotonic() < end:
        most = max(most, len(held))
        if end is None and len(tried) >= count:
            end = time.monotonic() + seconds
        await asyncio.sleep(1)
    for client in clients:
        client.cancel()
    print(f"siege: {kind}{'-tls' if tls else ''}: at most {most} of {count} connections were held")
    return 0 if most else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))))
