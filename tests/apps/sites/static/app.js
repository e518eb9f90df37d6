console.log('version one');
