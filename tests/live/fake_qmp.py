# SPDX-License-Identifier: LGPL-2.1-or-later
"""A QMP server that says what a test wants it to say."""
import json
import os
import socket
import threading

GREETING = {"QMP": {"version": {"qemu": {"major": 10, "minor": 0, "micro": 2}, "package": ""}, "capabilities": ["oob"]}}


def bar(index, address, size=4096):
    return {"bar": index, "type": "memory", "address": address, "size": size, "prefetch": False, "mem_type_64": False}


def function(slot, regions=(), qdev_id="", bus=0, **more):
    return {"bus": bus, "slot": slot, "function": 0, "class_info": {"class": 0}, "id": {"device": 1, "vendor": 2},
            "irq_pin": 0, "qdev_id": qdev_id, "regions": list(regions), **more}


class Objects:
    """QOM: a path has properties; a child's type stands in its parent's list."""

    def __init__(self):
        self.properties = {"/machine": {"type": "pc-q35-10.0-machine"}}
        self.children = {"/machine/peripheral": {}, "/machine/peripheral-anon": {}, "/machine/unattached": {}}

    def add(self, folder, name, kind, **properties):
        self.children[folder][name] = kind
        self.properties[f"{folder}/{name}"] = {"type": kind, "hotplugged": False,
                                               **{k.replace("_", "-"): v for k, v in properties.items()}}

    def list(self, path):
        if path in self.children:
            return [{"name": n, "type": f"child<{t}>"} for n, t in self.children[path].items()]
        if path not in self.properties:
            return None
        return [{"name": n, "type": type(v).__name__} for n, v in self.properties[path].items()]

    def get(self, path, name):
        return self.properties.get(path, {}).get(name)


class Server:
    """Answers one client at `path`. answers: command -> a value, or bytes to send in place of a line, or a function
    (arguments, id) that gives either. greeting: the same; None: silence."""

    def __init__(self, path, answers=None, greeting=GREETING, objects=None):
        self.path = str(path)
        self.objects = objects or Objects()
        self.greeting = greeting
        self.commands = []
        self.answers = {
            "qmp_capabilities": {},
            "query-version": GREETING["QMP"]["version"],
            "query-status": {"status": "running", "running": True},
            "query-name": {"name": "guest"},
            "query-kvm": {"enabled": False, "present": True},
            "query-cpus-fast": [{"cpu-index": 0, "qom-path": "/machine/unattached/device[0]",
                                 "qom-type": "qemu64-x86_64-cpu", "thread-id": 1, "target": "x86_64"}],
            "query-memory-devices": [],
            "query-memory-size-summary": {"base-memory": 1 << 30, "plugged-memory": 0},
            "query-machines": [{"name": "pc-q35-10.0", "compat-props": []}],
            "query-pci": [{"bus": 0, "devices": []}],
            "qom-list": lambda a, _: self.objects.list(a["path"]),
            "qom-get": lambda a, _: self.objects.get(a["path"], a["property"]),
        }
        self.answers.update(answers or {})
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(1)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.unlink(self.path)
        self.thread.join(10)

    def send(self, client, value, number=None):
        if isinstance(value, bytes):
            client.sendall(value)
            return
        if number is not None:
            value = ({"error": {"class": "GenericError", "desc": "no"}} if value is None else {"return": value})
            value["id"] = number
        client.sendall(json.dumps(value).encode() + b"\r\n")

    def serve(self):
        try:
            client, _ = self.listener.accept()
        except OSError:
            return
        with client:
            try:
                self.talk(client)
            except OSError:
                pass

    def talk(self, client):
        if self.greeting is not None:
            self.send(client, self.greeting)
        for line in client.makefile("rb"):
            request = json.loads(line)
            self.commands.append(request["execute"])
            answer = self.answers.get(request["execute"])
            if callable(answer):
                answer = answer(request.get("arguments"), request["id"])
            if hasattr(answer, "__next__"):  # a stream of pieces
                for piece in answer:
                    client.sendall(piece)
                continue
            self.send(client, answer, request["id"])
