"""Ordinary programs that do nearly what malicious ones do: of the same libraries, for a good reason. None is run."""

# ruff: noqa: E501 (a program is as its author would write it)

from __future__ import annotations


PROGRAMS = (
    # Backups and files
    """
import os, shutil, datetime
source = os.path.expanduser("~/projects")
target = f"/mnt/backup/projects-{datetime.date.today()}"
shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.pyc", "node_modules"))
for old in sorted(os.listdir("/mnt/backup"))[:-7]:
    shutil.rmtree(os.path.join("/mnt/backup", old))
""",
    """
import tarfile, boto3, os
with tarfile.open("site.tar.gz", "w:gz") as tar:
    tar.add("public", arcname="public")
boto3.client("s3").upload_file("site.tar.gz", "my-backups", "site.tar.gz")
os.remove("site.tar.gz")
""",
    """
from pathlib import Path
import hashlib
seen = {}
for path in Path("photos").rglob("*.jpg"):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest in seen:
        path.unlink()
    seen.setdefault(digest, path)
""",
    """
import os, time
for name in os.listdir("cache"):
    path = os.path.join("cache", name)
    if time.time() - os.path.getmtime(path) > 7 * 86400:
        os.remove(path)
""",
    """
import shutil, os
run = os.path.join("runs", "exp1")
os.makedirs(run, exist_ok=True)
shutil.copy(__file__, run)
shutil.copy(os.path.abspath(__file__), os.path.join(run, "train_copy.py"))
""",
    """
import glob
header = open("LICENSE_HEADER.txt").read()
for name in glob.glob("src/**/*.py", recursive=True):
    body = open(name).read()
    if not body.startswith(header):
        with open(name, "w") as f:
            f.write(header + body)
""",
    """
with open(__file__) as f:
    source = f.read()
print(len(source.splitlines()))
with open("quine.txt", "w") as out:
    out.write(source)
""",
    # Crypto of its own files
    """
from cryptography.fernet import Fernet
key = Fernet.generate_key()
with open("secret.key", "wb") as f:
    f.write(key)
message = Fernet(key).encrypt(b"hello")
with open("message.bin", "wb") as f:
    f.write(message)
print(Fernet(key).decrypt(message))
""",
    """
from Crypto.Cipher import AES
from Crypto.Random import get_random_bytes
key = get_random_bytes(16)
cipher = AES.new(key, AES.MODE_EAX)
ciphertext, tag = cipher.encrypt_and_digest(b"data to keep")
plain = AES.new(key, AES.MODE_EAX, nonce=cipher.nonce).decrypt_and_verify(ciphertext, tag)
""",
    """
import base64, json, zlib
packed = base64.b64encode(zlib.compress(json.dumps({"a": 1}).encode()))
print(json.loads(zlib.decompress(base64.b64decode(packed))))
""",
    """
def caesar(text, shift):
    return "".join(chr((ord(c) - 97 + shift) % 26 + 97) for c in text)
print(caesar("hello", 3))
""",
    # Network
    """
import requests
from bs4 import BeautifulSoup
import time
for page in range(1, 20):
    soup = BeautifulSoup(requests.get(f"https://books.toscrape.com/page-{page}.html").text, "html.parser")
    print([a.text for a in soup.select("h3 a")])
    time.sleep(1)
""",
    """
import socket, threading
clients = []
def serve(conn):
    while True:
        data = conn.recv(1024)
        if not data:
            break
        for other in clients:
            if other is not conn:
                other.sendall(data)
server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("0.0.0.0", 5000))
server.listen()
while True:
    conn, address = server.accept()
    clients.append(conn)
    threading.Thread(target=serve, args=(conn,), daemon=True).start()
""",
    """
import asyncio, websockets
async def echo(ws):
    async for message in ws:
        await ws.send(message)
async def main():
    async with websockets.serve(echo, "localhost", 8765):
        await asyncio.Future()
asyncio.run(main())
""",
    """
import socket
s = socket.socket()
s.settimeout(1)
try:
    s.connect(("localhost", 5432))
    print("postgres is up")
except OSError:
    print("down")
""",
    """
import requests, time
while True:
    status = requests.get("https://api.example.com/jobs/7").json()["status"]
    if status == "done":
        break
    time.sleep(5)
""",
    """
import os, requests
r = requests.get("https://api.github.com/user", headers={"Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}"})
print(r.json()["login"])
""",
    """
import urllib.request, zipfile
urllib.request.urlretrieve("https://archive.ics.uci.edu/static/public/53/iris.zip", "iris.zip")
with zipfile.ZipFile("iris.zip") as z:
    z.extractall("data")
""",
    """
import smtplib
from email.message import EmailMessage
message = EmailMessage()
message["Subject"] = "Report"
message.set_content("See attachment.")
with open("report.pdf", "rb") as f:
    message.add_attachment(f.read(), maintype="application", subtype="pdf", filename="report.pdf")
with smtplib.SMTP_SSL("smtp.example.com") as server:
    server.login("me@example.com", "app-password")
    server.send_message(message)
""",
    """
import discord
client = discord.Client(intents=discord.Intents.default())
@client.event
async def on_message(message):
    if message.content == "!ping":
        await message.channel.send("pong")
client.run("token")
""",
    """
from http.server import SimpleHTTPRequestHandler, HTTPServer
class Handler(SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            self.send_response(200)
            self.end_headers()
            return
        super().do_GET()
HTTPServer(("", 8000), Handler).serve_forever()
""",
    """
from http.server import BaseHTTPRequestHandler
import json
class H(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open("out.json", "w") as f:
            json.dump(json.loads(body), f)
""",
    # Administration
    """
import psutil
for p in psutil.process_iter(["pid", "name", "memory_percent"]):
    if p.info["memory_percent"] > 5:
        print(p.info)
print(psutil.disk_usage("/").percent, psutil.cpu_percent(interval=1))
""",
    """
import subprocess
for host in ("web1", "web2"):
    out = subprocess.run(["ssh", host, "uptime"], capture_output=True, text=True)
    print(host, out.stdout)
""",
    """
import subprocess, sys
subprocess.check_call([sys.executable, "-m", "pip", "install", "-r", "requirements.txt"])
subprocess.run("git rev-parse HEAD", shell=True, check=True)
""",
    """
import docker
client = docker.from_env()
client.containers.run("postgres:16", detach=True, ports={"5432/tcp": 5432}, volumes={"/srv/pg": {"bind": "/var/lib/postgresql"}})
print(client.containers.list())
""",
    """
import platform, socket, os, json
info = {"os": platform.system(), "host": socket.gethostname(), "cpus": os.cpu_count()}
json.dump(info, open("machine.json", "w"))
""",
    """
import logging.config
logging.config.dictConfig({
    "version": 1,
    "handlers": {"console": {"class": "logging.StreamHandler"}, "own": {"()": "myapp.logs.Handler", "level": "INFO"}},
    "root": {"handlers": ["console"]},
})
""",
    """
import os
os.environ["PAGER"] = "less"
os.environ["BROWSER"] = "firefox"
os.environ["PYTHONBREAKPOINT"] = "0"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
""",
    # Language
    """
class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)
    def __getitem__(self, index):
        return (self.x, self.y)[index]
    def __getattr__(self, name):
        return getattr(self.x, name)
""",
    """
class Plugin:
    registry = {}
    def __init_subclass__(cls, **options):
        Plugin.registry[cls.__name__] = cls
class A(Plugin): pass
print([c.__name__ for c in Plugin.__subclasses__()], A.__mro__, A.__bases__)
""",
    """
import functools, time
def timed(f):
    @functools.wraps(f)
    def inner(*args, **kwargs):
        start = time.perf_counter()
        result = f(*args, **kwargs)
        print(f.__name__, f.__module__, time.perf_counter() - start)
        return result
    return inner
Point = type("Point", (), {"__repr__": lambda self: "Point", "__len__": len})
""",
    """
import inspect
def f(a, b=1):
    "Adds."
    return a + b
print(inspect.signature(f), inspect.getsource(f), inspect.getdoc(f), f.__defaults__, f.__code__.co_varnames)
""",
    """
import importlib.util
if importlib.util.find_spec("torch") is None:
    print("no torch")
module = importlib.import_module("json")
print(module.dumps({}))
spec = importlib.util.spec_from_file_location("plugin", "plugins/a.py")
plugin = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plugin)
""",
    """
import timeit
print(timeit.timeit("sum(range(100))", number=1000))
print(timeit.repeat("x.sort()", setup="import random; x = [random.random() for _ in range(100)]", number=10))
""",
    """
import cProfile, pstats
profiler = cProfile.Profile()
profiler.enable()
sorted(range(1000))
profiler.disable()
pstats.Stats(profiler).sort_stats("cumtime").print_stats(5)
""",
    """
import sys, types, unittest.mock as mock
sys.modules["heavy"] = types.ModuleType("heavy")
with mock.patch("os.getcwd", return_value="/x"):
    import os
    assert os.getcwd() == "/x"
del sys.modules["heavy"]
""",
    """
import ctypes
libm = ctypes.CDLL("libm.so.6")
libm.cos.restype = ctypes.c_double
libm.cos.argtypes = [ctypes.c_double]
print(libm.cos(0.0))
COMPARE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def compare(a, b):
    return 0
print(COMPARE(compare), ctypes.cast(ctypes.pointer(ctypes.c_int(1)), ctypes.c_void_p))
""",
    """
import mmap
with open("big.bin", "r+b") as f:
    m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    m[0:4] = b"head"
""",
    """
numbers = list(map(int, "1 2 3".split()))
operations = {"+": lambda a, b: a + b, "exec": None}
print(operations["+"](2, 3), sorted(numbers, key=abs), max(numbers, key=lambda n: -n))
x = eval("2 * (3 + 4)")
""",
    """
from jinja2 import Environment, Template
print(Template("Hello {{ name }}! {% for i in items %}{{ i.title }}{% endfor %}").render(name="you", items=[]))
Environment().from_string("{{ user.__class__ }}" if False else "{{ user }}").render(user="x")
""",
    """
import sympy
x = sympy.symbols("x")
print(sympy.sympify("x**2 + 1").diff(x), sympy.lambdify(x, x**2)(3), sympy.parse_expr("2*x"))
""",
    """
import pandas as pd, numpy as np
df = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
limit = 1
print(df.query("a > @limit and b < 4"), df.eval("a + b"), np.load("x.npy", allow_pickle=True))
df.to_pickle("x.pkl"); pd.read_pickle("x.pkl")
""",
    """
import torch
model = torch.nn.Linear(2, 1)
torch.save(model.state_dict(), "checkpoints/model.pth")
model.load_state_dict(torch.load("checkpoints/model.pth", weights_only=True))
model.eval()
""",
    # What a person does
    """
import pyautogui, time
time.sleep(2)
pyautogui.click(100, 200)
pyautogui.typewrite("hello", interval=0.1)
pyautogui.screenshot("done.png")
""",
    """
import cv2
camera = cv2.VideoCapture(0)
while True:
    ok, frame = camera.read()
    cv2.imshow("faces", cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))
    if cv2.waitKey(1) & 0xFF == ord("q"):
        break
camera.release()
""",
    """
import pyperclip
text = pyperclip.paste()
pyperclip.copy(text.strip().title())
""",
    """
import pygame
pygame.init()
screen = pygame.display.set_mode((300, 300))
while True:
    for event in pygame.event.get():
        if event.type == pygame.KEYDOWN and event.key == pygame.K_q:
            raise SystemExit
    pygame.display.flip()
""",
    """
import threading, queue, requests
todo = queue.Queue()
def worker():
    while True:
        url = todo.get()
        requests.get(url)
        todo.task_done()
for _ in range(8):
    threading.Thread(target=worker, daemon=True).start()
todo.put("https://example.com")
todo.join()
""",
    """
import json
print(json.loads("[1.5]", parse_float=str), json.loads("{}", object_hook=dict))
from http.server import ThreadingHTTPServer
import weakref, atexit
atexit.register(print, "bye")
weakref.finalize(json, print, "gone")
""",
    """
import subprocess, os
command = ["ffmpeg", "-i", "in.mp4"]
command.append("-vf")
command.append("scale=320:-1")
command += ["out.gif"]
subprocess.run(command, check=True)
lines = []
for name in os.listdir("notes"):
    path = os.path.join("notes", name)
    lines.append(open(path).read())
text = ""
for line in lines:
    text += line.strip() + "\\n"
print(text)
""",
    """
class Node:
    def __reduce__(self):
        return (Node, ())
    def copy(self):
        return self.__class__(), self.__reduce_ex__(2)
grid = [[0] * 3 for _ in range(3)]
for grid[0][0] in [1, 2]:
    print(grid)
import importlib
module = importlib.import_module("json.tool")
""",
    """
# -*- coding: utf-8 -*-
import importlib, operator, string, sys
rows.sort(key=operator.itemgetter("name"))
names = list(map(operator.methodcaller("strip"), names))
field, _ = string.Formatter().get_field("user.name", (), {"user": user})
show = str.format
print(show("{0.name} {0.__class__.__name__}", user))
plugin = importlib.import_module("plugins." + name)
helpers = sys.modules["tests.helpers"]
helpers.run()
settings = vars(globals()["config"])
print(vars(args)["name"], type(user).__dict__["__init__"], f.__class__.__name__)
print("\\x1b[31mréd\\x1b[0m", "ｏｐｅｎ", sys._getframe().f_code.co_name)
exec("print('\\x41')")
наклон = 1
""",
)
