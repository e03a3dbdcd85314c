"""Clients that hold connections to a proxy: idle ones, or ones whose chunked body never ends. Wants no library.

python3 siege.py KIND ADDRESS PORT COUNT SECONDS
    KIND: idle or chunked, and with -tls behind it by https. Opens COUNT connections, holds them for SECONDS, and meanwhile
    asks for a page once a second as a person would. Prints a line with what it saw; exit status 1 if a page did not come.
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


async def page(address, tls):
    """Seconds until a page was there; None if none was."""
    begun = time.monotonic()
    try:
        reader, writer = await asyncio.wait_for(connect(address, 443, tls), 10)
        writer.write(b"GET /public HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        text = await asyncio.wait_for(reader.read(-1), 10)
        writer.close()
        return time.monotonic() - begun if text.startswith(b"HTTP/1.1 200 ") else None
    except (OSError, asyncio.TimeoutError):
        return None


async def main(kind, address, port, count, seconds):
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 1000, max(count + 1000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    kind, _, tls = kind.partition("-")
    gate, held, tried = asyncio.Semaphore(AT_ONCE), [], []
    clients = [asyncio.create_task(hold(REQUESTS[kind], address, port, trusting if tls else None, gate, held, tried)) for _ in range(count)]
    most, pages, end = 0, [], None
    # As many as it lets in; those who were let in may be thrown out again meanwhile.
    while end is None or time.monotonic() < end:
        most = max(most, len(held))
        if end is None and len(tried) >= count:
            end = time.monotonic() + seconds
        pages.append(await page(address, trusting))
        await asyncio.sleep(1)
    for client in clients:
        client.cancel()
    missing, slowest = pages.count(None), max((took for took in pages if took), default=0)
    print(f"siege: {kind}{'-tls' if tls else ''}: at most {most} of {count} connections were held; "
          f"{len(pages) - missing} of {len(pages)} pages came, the slowest in {slowest:.2f} s")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))))
