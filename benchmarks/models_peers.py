"""Asks a chat server the same rows: bare aiohttp, or the openai package. Nothing is kept, and aiohttp checks nothing but the text.

python benchmarks/models_peers.py aiohttp|openai URL ROWS IN_FLIGHT
"""

import asyncio
import json
import sys
import time

FILLER = "Read the passage and write the instruction that it answers. " * 10


def body(n):
    return {
        "model": "tiny",
        "messages": [{"role": "user", "content": f"Row {n}. {FILLER}"}],
        "max_tokens": 256,
        "temperature": 0.7,
    }


async def work(rows, in_flight, ask):
    numbers = iter(range(rows))
    answered = 0

    async def worker():
        nonlocal answered
        for n in numbers:
            text = await ask(n)
            answered += len(text) > 0

    start = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(in_flight)))
    return {"answered": answered, "seconds": time.perf_counter() - start}


async def with_aiohttp(url, rows, in_flight):
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=in_flight)) as session:

        async def ask(n):
            async with session.post(f"{url}/chat/completions", json=body(n)) as answer:
                return (await answer.json())["choices"][0]["message"]["content"]

        return await work(rows, in_flight, ask)


async def with_openai(url, rows, in_flight):
    import openai

    async with openai.AsyncOpenAI(base_url=url, api_key="none") as client:

        async def ask(n):
            return (await client.chat.completions.create(**body(n))).choices[0].message.content

        return await work(rows, in_flight, ask)


if __name__ == "__main__":
    peer, url, rows, in_flight = sys.argv[1:]
    run = {"aiohttp": with_aiohttp, "openai": with_openai}[peer]
    print(json.dumps(asyncio.run(run(url, int(rows), int(in_flight)))))
