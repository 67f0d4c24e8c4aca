import os
from pathlib import Path

import psycopg2
from flask import Flask, redirect, render_template, request

app = Flask(__name__)
app.config["TEMPLATES_AUTO_RELOAD"] = True


def database():
    password = Path("/run/secrets/password").read_text().strip()
    return psycopg2.connect(host=os.environ["DATABASE_HOST"], user="shop", password=password, dbname="postgres")


@app.get("/")
def orders():
    with database() as connection, connection.cursor() as cursor:
        cursor.execute("select item from orders order by id")
        return render_template("orders.html", items=[item for (item,) in cursor.fetchall()])


@app.post("/orders")
def order():
    with database() as connection, connection.cursor() as cursor:
        cursor.execute("insert into orders (item) values (%s)", (request.form["item"],))
    return redirect("/")


with database() as connection, connection.cursor() as cursor:
    cursor.execute("create table if not exists orders (id serial primary key, item text not null)")
app.run(host="0.0.0.0", port=8000, threaded=True)
