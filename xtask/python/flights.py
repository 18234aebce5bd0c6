"""Three million real flights, oldest first, one line each: the airport they leave from, a tab, the flight as JSON.

    python flights.py flights-3m.parquet > flights.tsv

The file is data/flights-3m.parquet of the npm package vega-datasets, the data of the US Bureau of Transportation Statistics.
"""
import sys

import pyarrow.parquet as pq

for batch in pq.ParquetFile(sys.argv[1]).iter_batches():
    columns = [batch.column(c).to_pylist() for c in ("date", "delay", "distance", "origin", "destination")]
    for date, delay, distance, origin, destination in zip(*columns):
        sys.stdout.write(
            f'{origin}\t{{"date":"{date:%Y-%m-%dT%H:%M:%SZ}","delay":{delay},"distance":{distance},'
            f'"origin":"{origin}","destination":"{destination}"}}\n'
        )
